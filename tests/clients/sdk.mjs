// Answers the same questions as sdk.py, as far as the providers' libraries for Node.js can: one
// question a line on stdin, one answer a line on stdout, both JSON.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { env } from "node:process";

// The libraries are where NODE_CLIENTS says; each is loaded when it is first needed.
const load = createRequire(`${env.NODE_CLIENTS}/`);

/** Form fields by name; a repeated one is a list. */
function byName(fields) {
  const found = {};
  for (const [name, value] of fields) {
    found[name] = name in found ? [found[name], value].flat() : value;
  }
  return found;
}

const QUESTIONS = {
  twilio_sign: ({ token, url, fields }) =>
    load("twilio/lib/webhooks/webhooks").getExpectedTwilioSignature(token, url, byName(fields)),
  twilio_valid: ({ token, url, fields, signature }) =>
    load("twilio/lib/webhooks/webhooks").validateRequest(token, signature, url, byName(fields)),
  telnyx_valid: async ({ body, headers, public_key }) => {
    const { TelnyxWebhook } = load("telnyx/lib/webhooks");
    await new TelnyxWebhook(public_key).verify(body, headers);
    return true;
  },
  plivo_valid: ({ token, method, url, fields, nonce, signature }) =>
    load("plivo").validateV3Signature(method, url, nonce, token, signature, byName(fields)),
  vonage_valid: ({ token, secret }) => load("@vonage/jwt").verifySignature(token, secret),
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await QUESTIONS[question.ask](question) };
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` };
  }
  console.log(JSON.stringify(answer));
}
