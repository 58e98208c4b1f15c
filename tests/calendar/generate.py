"""Writes bank-holidays.txt, working-days.txt and months.txt by libraries that know nothing of this program.

    pip install holidays==0.109 govuk-bank-holidays==0.19 python-dateutil==2.9.0.post0
    python3 generate.py

It stops where `holidays` and the list that gov.uk publishes disagree, but for what was proclaimed after the
list was taken.
"""

import datetime as dt
import json
import os
import string

import govuk_bank_holidays
import holidays
from dateutil.relativedelta import relativedelta

FIRST, LAST = dt.date(2019, 1, 1), dt.date(2028, 12, 31)
NATIONS = {
    "england": ("ENG", "england-and-wales"),
    "wales": ("WLS", "england-and-wales"),
    "scotland": ("SCT", "scotland"),
    "northern_ireland": ("NIR", "northern-ireland"),
}
# By proclamation of 2026, later than the list in the package.
PROCLAIMED_LATER = {("scotland", dt.date(2026, 6, 15))}
WORKING_DAYS = (1, 5, 10, 20)
MONTHS = (1, 3, 6, 12, 24)
LETTERS = string.ascii_lowercase + string.ascii_uppercase


def days():
    day = FIRST
    while day <= LAST:
        yield day
        day += dt.timedelta(days=1)


def by_month():
    month = {}
    for day in days():
        month.setdefault(day.strftime("%Y-%m"), []).append(day)
    return month


def known(nation):
    subdivision, division = NATIONS[nation]
    years = range(FIRST.year, LAST.year + 1)
    found = holidays.country_holidays("GB", subdiv=subdivision, years=years)
    found = {day for day in found if day.weekday() < 5}
    folder = os.path.dirname(govuk_bank_holidays.__file__)
    with open(os.path.join(folder, "bank-holidays.json"), encoding="utf-8") as file:
        events = json.load(file)[division]["events"]
    published = {dt.date.fromisoformat(event["date"]) for event in events}
    published = {day for day in published if FIRST <= day <= LAST}
    differ = {(nation, day) for day in found ^ published} - PROCLAIMED_LATER
    assert not differ, differ
    return sorted(found)


def later(anchor, count, free):
    """Letter number n: the deadline is n days after the anchor; a dot: it is after the list's end."""
    day = anchor
    while count:
        day += dt.timedelta(days=1)
        if day > LAST:
            return "."
        if day.weekday() < 5 and day not in free:
            count -= 1
    return LETTERS[(day - anchor).days - 1]


def main():
    months = by_month()
    with open("bank-holidays.txt", "w", encoding="ascii") as out:
        for nation in NATIONS:
            for day in known(nation):
                out.write(f"{nation} {day}\n")
    with open("working-days.txt", "w", encoding="ascii") as out:
        for nation in NATIONS:
            if nation == "wales":
                assert known("wales") == known("england")
                continue
            free = set(known(nation))
            for count in WORKING_DAYS:
                for month, anchors in months.items():
                    letters = "".join(later(day, count, free) for day in anchors)
                    out.write(f"{nation} {count} {month} {letters}\n")
    with open("months.txt", "w", encoding="ascii") as out:
        for count in MONTHS:
            for month, anchors in months.items():
                ends = [day + relativedelta(months=count) for day in anchors]
                (end,) = {day.strftime("%Y-%m") for day in ends}
                out.write(f"{count} {month} {end} {''.join(LETTERS[day.day - 1] for day in ends)}\n")


main()
