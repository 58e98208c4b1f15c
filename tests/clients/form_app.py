"""A form as organisations have them: Flask with Flask-WTF's CSRF protection, a session, validation of its
own, and a redirect after POST. Knows nothing of the gateway but the forwarded fields.

Arguments: the port to listen on.
"""

import sys
from datetime import timedelta

from flask import Flask, redirect, render_template_string, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
app.config.update(
    SECRET_KEY="for the test alone",
    SESSION_COOKIE_SECURE=True,
    # Of the public URL: the application alone knows what its cookies are for.
    SESSION_COOKIE_PATH="/help",
    SESSION_COOKIE_SAMESITE="Lax",
    # Over TLS the origin of a POST is checked as well (WTF_CSRF_SSL_STRICT, on by default).
    WTF_CSRF_TIME_LIMIT=3600,
    PERMANENT_SESSION_LIFETIME=timedelta(minutes=5),
)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
CSRFProtect(app)

TAKEN = []

FORM = """<!doctype html><html lang="en"><title>Contact us</title>
<p id="trouble">{{ trouble }}</p>
<form method="post" action="{{ url_for('contact') }}">
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<label>E-mail <input name="email" type="email"></label>
<label>Message <textarea name="message"></textarea></label>
<button>Send</button></form></html>"""

THANKS = """<!doctype html><html lang="en"><title>Sent</title>
<h1>Thank you, {{ session.email }}</h1><p id="at">{{ request.url }}</p></html>"""


@app.route("/contact", methods=["GET", "POST"])
def contact():
    if request.method == "GET":
        return render_template_string(FORM, trouble="")
    if len(request.form["message"]) < 5:
        return render_template_string(FORM, trouble="Please say more"), 422
    TAKEN.append(request.form["message"])
    session["email"] = request.form["email"]
    return redirect(url_for("thanks", _external=True), code=303)


@app.route("/contact/thanks")
def thanks():
    return render_template_string(THANKS)


@app.route("/taken")
def taken():
    return TAKEN


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
