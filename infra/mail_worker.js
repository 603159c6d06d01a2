// Post each mail to Shopbell, as an Email Worker of Cloudflare.
//
// Its settings: SHOPBELL_URL, the address of the webhook, and SHOPBELL_SECRET, what it signs with (whsec_…). How it is
// set up stands in chalicelib/providers/mime.py. A mail that Shopbell could not take makes it throw, so that the
// sender's server keeps it and tries again; one that is too large is refused while the sender still waits.

const LARGEST = 4_300_000; // bytes: API Gateway and Lambda take 6 MB, and a mail grows by a third on its way there

export default {
  async email(message, env) {
    if (message.rawSize > LARGEST) {
      message.setReject("This mail is too large: up to 4 MB are taken");
      return;
    }
    const mail = new Uint8Array(await new Response(message.raw).arrayBuffer());
    const above = new TextEncoder().encode(
      `Return-Path: <${message.from}>\r\nDelivered-To: ${message.to}\r\n`,
    );
    const body = new Uint8Array(above.length + mail.length);
    body.set(above);
    body.set(mail, above.length);
    const headers = { "content-type": "message/rfc822", ...(await signed(env.SHOPBELL_SECRET, body)) };
    const answer = await fetch(env.SHOPBELL_URL, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`Shopbell answered ${answer.status}`);
  },
};

// The headers of Standard Webhooks: https://www.standardwebhooks.com
async function signed(secret, body) {
  const id = `mail_${hex(await crypto.subtle.digest("SHA-256", body)).slice(0, 32)}`;
  const seconds = Math.floor(Date.now() / 1000).toString();
  const before = new TextEncoder().encode(`${id}.${seconds}.`);
  const content = new Uint8Array(before.length + body.length);
  content.set(before);
  content.set(body, before.length);
  const raw = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
  return {
    "webhook-id": id,
    "webhook-timestamp": seconds,
    "webhook-signature": `v1,${btoa(String.fromCharCode(...mac))}`,
  };
}

function hex(bytes) {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
