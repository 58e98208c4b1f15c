"""Reads letters as PDF the way an assistive program does, with pikepdf, and says what is wrong with them.

One argument: a folder of PAIRS, `NAME.pdf` and `NAME.json`: what the letter must be. One line per fault.
"""

import json
import pathlib
import re
import sys

import pikepdf

HEADINGS = {"/H1": 1, "/H2": 2}
SHOWS_TEXT = {"Tj", "TJ", "'", '"'}


def to_unicode(font):
    """The characters of a font's codes, by its ToUnicode map."""
    source = bytes(font.ToUnicode.read_bytes()).decode("latin-1")
    text = lambda digits: bytes.fromhex(digits).decode("utf-16-be")
    characters = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", source, re.S):
        for code, said in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            characters[int(code, 16)] = text(said)
    for block in re.findall(r"beginbfrange(.*?)endbfrange", source, re.S):
        for first, last, said in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for at, code in enumerate(range(int(first, 16), int(last, 16) + 1)):
                characters[code] = text(said)[:-1] + chr(ord(text(said)[-1]) + at)
    return characters


class Page:
    """What a page shows: the text of each mark, in the order in which it is drawn."""

    def __init__(self, page, number, faults):
        self.marks, self.order, self.sizes = {}, [], []
        fonts = {name: to_unicode(font) for name, font in page.Resources.Font.items()}
        inside, font, size = [], {}, 0.0
        for operands, operator in pikepdf.parse_content_stream(page):
            operator = str(operator)
            if operator in ("BDC", "BMC"):
                properties = operands[1] if operator == "BDC" else {}
                mark = properties.get("/MCID") if isinstance(properties, pikepdf.Dictionary) else None
                inside.append((str(operands[0]), None if mark is None else int(mark)))
                if mark is not None:
                    self.order.append(int(mark))
                    self.marks[int(mark)] = ""
            elif operator == "EMC":
                inside.pop()
            elif operator == "Tf":
                font, size = fonts[str(operands[0])], float(operands[1])
            elif operator in SHOWS_TEXT:
                parts = operands[-1] if operator == "TJ" else [operands[-1]]
                codes = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
                pairs = [codes[at : at + 2] for at in range(0, len(codes), 2)]
                said = "".join(font[int.from_bytes(pair, "big")] for pair in pairs)
                mark = next((mark for _, mark in reversed(inside) if mark is not None), None)
                if mark is not None:
                    self.marks[mark] += said
                    self.sizes.append(size)
                elif not any(tag == "/Artifact" for tag, _ in inside):
                    faults.append(f"page {number}: `{said}` is neither tagged nor an artifact")


def walk(element, pages, at, kind, read):
    """The marks of a part of the tree in reading order: kind of block, page and mark."""
    if isinstance(element, int):
        read.append((kind, at, element))
        return
    at = pages.get(element.Pg.objgen, at) if "/Pg" in element else at
    if element.get("/Type") == pikepdf.Name.MCR:
        read.append((kind, at, int(element.MCID)))
        return
    kind = str(element.S) if "/S" in element and str(element.S) != "/Span" else kind
    children = element.get("/K", [])
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        walk(child, pages, at, kind, read)


def words(text):
    """Words only: where a line breaks is the page's business."""
    return "".join(text.replace("•", "").split())


def faults_of(path, wanted):
    faults = []
    with pikepdf.open(path) as pdf:
        root = pdf.Root

        def expect(what, found, right):
            if found != right:
                faults.append(f"{what} is {found!r}, and should be {right!r}")

        expect("MarkInfo.Marked", bool(root.get("/MarkInfo", {}).get("/Marked", False)), True)
        expect("Lang", str(root.get("/Lang", "")), wanted["language"])
        shown = root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False)
        expect("DisplayDocTitle", bool(shown), True)
        with pdf.open_metadata() as metadata:
            expect("dc:title", metadata.get("dc:title"), wanted["title"])
            expect("pdfuaid:part", metadata.get("pdfuaid:part"), "1")
        if "/StructTreeRoot" not in root:
            return faults + ["there is no StructTreeRoot"]
        expect("ParentTree", "/ParentTree" in root.StructTreeRoot, True)
        drawn = [Page(page, at + 1, faults) for at, page in enumerate(pdf.pages)]
        pages = {page.objgen: at for at, page in enumerate(pdf.pages)}
        read = []
        walk(root.StructTreeRoot, pages, None, None, read)

        expect("reading order", [(at, mark) for _, at, mark in read],
               [(at, mark) for at, page in enumerate(drawn) for mark in page.order])
        said = lambda kinds: [(kind, drawn[at].marks[mark]) for kind, at, mark in read if kind in kinds]
        expect("text", words("".join(drawn[at].marks[mark] for _, at, mark in read)),
               words("".join(wanted["texts"])))
        for name, level in HEADINGS.items():
            found = words("".join(text for _, text in said({name})))
            expect(name, found, words("".join(wanted["headings"][level - 1])))
        expect("entries of lists", sum(1 for kind, _ in said({"/Lbl"})), wanted["entries"])
        smallest = min(size for page in drawn for size in page.sizes)
        if smallest < wanted["points"]:
            faults.append(f"text has {smallest} points, and should have {wanted['points']}")
    return faults


def main():
    folder = pathlib.Path(sys.argv[1])
    read = 0
    for described in sorted(folder.glob("*.json")):
        wanted = json.loads(described.read_text())
        for fault in faults_of(described.with_suffix(".pdf"), wanted):
            print(f"{described.stem}: {fault}")
        read += 1
    print(f"read {read}")


main()
