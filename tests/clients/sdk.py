"""Answers questions about the providers' requests and documents with their own libraries.

One question a line on stdin, one answer a line on stdout, both JSON. Each library is loaded when it
is first needed.
"""

import inspect
import json
import re
import sys
import xml.etree.ElementTree as ElementTree


class Fields(list):
    """Form fields in order, with the access to repeated ones that the libraries look for."""

    def __iter__(self):
        return iter(dict.fromkeys(name for name, _ in list.__iter__(self)))

    def getlist(self, name):
        return [value for field, value in list.__iter__(self) if field == name]

    def __getitem__(self, name):
        return self.getlist(name)[-1]


def twilio_sign(token, url, fields):
    from twilio.request_validator import RequestValidator

    return RequestValidator(token).compute_signature(url, Fields(fields))


def twilio_valid(token, url, fields, signature):
    from twilio.request_validator import RequestValidator

    return RequestValidator(token).validate(url, Fields(fields), signature)


def twilio_faults(document, kind):
    """Elements and attributes that the library's own verbs don't have."""
    if kind == "messaging":
        from twilio.twiml import messaging_response as verbs

        root = verbs.MessagingResponse
    else:
        from twilio.twiml import voice_response as verbs

        root = verbs.VoiceResponse

    def snake(name):
        return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()

    faults = []
    top = ElementTree.fromstring(document)
    if top.tag != "Response":
        return ["the document is no Response"]

    def look(element, owner):
        for child in element:
            verb = getattr(owner, snake(child.tag), None)
            if verb is None:
                faults.append(f"<{child.tag}> is not allowed in {owner.__name__}")
                continue
            known = set(inspect.signature(verb).parameters)
            for name in child.attrib:
                if not {snake(name), snake(name) + "_"} & known:
                    faults.append(f"@{name} is not known on <{child.tag}>")
            if child.tag in ("Dial", "Record", "Gather") and "action" not in child.attrib:
                faults.append(f"<{child.tag}> has no action")
            if hasattr(verbs, child.tag):
                look(child, getattr(verbs, child.tag))

    look(top, root)
    return faults


def telnyx_sign(seed, body, timestamp):
    import base64

    from nacl.signing import SigningKey

    key = SigningKey(base64.b64decode(seed))
    signed = key.sign(f"{timestamp}|{body}".encode()).signature
    return {
        "public_key": base64.b64encode(bytes(key.verify_key)).decode(),
        "signature": base64.b64encode(signed).decode(),
    }


def telnyx_valid(body, headers, public_key):
    from telnyx.lib.webhook_verification import verify_webhook_signature

    verify_webhook_signature(body, headers, public_key)
    return True


def plivo_sign(token, method, url, fields, nonce):
    from plivo.utils import signature_v3

    fields = dict(fields)
    if method == "POST":
        base = signature_v3.construct_post_url(url, fields)
    else:
        base = signature_v3.construct_get_url(url, fields)
    base = base if isinstance(base, str) else base.decode()
    signature = signature_v3.get_signature_v3(token.encode(), base, nonce)
    return signature if isinstance(signature, str) else signature.decode()


def plivo_valid(token, method, url, fields, nonce, signature):
    from plivo.utils.signature_v3 import validate_v3_signature

    return bool(validate_v3_signature(method, url, nonce, token, signature, dict(fields)))


def plivo_faults(document):
    """Elements, nestings and attributes that the library's own elements don't have."""
    from plivo import xml as elements

    known = {
        getattr(element, "_name"): element
        for element in vars(elements).values()
        if inspect.isclass(element) and getattr(element, "_name", None)
    }
    faults = []

    def look(element):
        own = known.get(element.tag)
        if own is None:
            faults.append(f"<{element.tag}> is not known")
            return
        names = set(inspect.signature(own.__init__).parameters)
        for name in element.attrib:
            if re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() not in names:
                faults.append(f"@{name} is not known on <{element.tag}>")
        for child in element:
            if child.tag not in own._nestable:
                faults.append(f"<{child.tag}> is not allowed in <{element.tag}>")
            look(child)

    look(ElementTree.fromstring(document))
    return faults


def vonage_sign(secret, claims):
    import jwt

    return jwt.encode(claims, secret, algorithm="HS256")


def vonage_valid(token, secret):
    from vonage_jwt.verify_jwt import verify_signature

    return verify_signature(token, secret)


def vonage_faults(document):
    import vonage_voice.models as models

    known = {
        "connect": models.Connect,
        "talk": models.Talk,
        "record": models.Record,
        "input": models.Input,
        "notify": models.Notify,
    }
    faults = []
    for action in json.loads(document):
        name = action.pop("action")
        model = known.get(name)
        if model is None:
            faults.append(f"{name} is no action")
            continue
        fields = {("from_" if key == "from" else key): value for key, value in action.items()}
        for key in set(fields) - set(model.model_fields):
            faults.append(f"{key} is not known on {name}")
        try:
            model(**fields)
        except Exception as error:  # the model's own words say what is wrong
            faults.append(f"{name}: {error}")
    return faults


def event_read(secret, headers, body):
    """A signed event as its receiver reads it: checked, then taken apart."""
    from cloudevents.http import from_http
    from standardwebhooks import Webhook

    Webhook(secret).verify(body, headers)
    event = from_http(headers, body)
    return {"attributes": dict(event.get_attributes()), "data": event.data}


QUESTIONS = {
    question.__name__: question
    for question in (
        twilio_sign,
        twilio_valid,
        twilio_faults,
        telnyx_sign,
        telnyx_valid,
        plivo_sign,
        plivo_valid,
        plivo_faults,
        vonage_sign,
        vonage_valid,
        vonage_faults,
        event_read,
    )
}

for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = {"answer": QUESTIONS[question.pop("ask")](**question)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
