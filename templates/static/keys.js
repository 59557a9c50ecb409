/* Passkeys and security keys: asks the browser, and sends what the key said with the form around it.
 *
 *   <form data-key-make | data-key-ask data-options="#ID">  the form; #ID holds the options as JSON
 *   [data-key-start]    the button that starts it
 *   [data-key-said]     where a refusal is said in words
 *   input[name=credential]  takes the answer
 */
"use strict";

(() => {
  const WORDS = {
    NotAllowedError: "The key was not used: cancelled, or not in time. Try again.",
    InvalidStateError: "This key is in use for you already.",
    SecurityError: "This browser does not take keys at this address.",
    NotSupportedError: "This key cannot be used here.",
  };

  const toBytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (each) => each.charCodeAt(0));
  };

  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const withBytes = (list) => (list || []).map((each) => ({ ...each, id: toBytes(each.id) }));

  const made = async (options) => {
    const publicKey = {
      ...options,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    };
    const key = await navigator.credentials.create({ publicKey });
    const transports = key.response.getTransports ? key.response.getTransports() : [];
    const { attestationObject, clientDataJSON } = key.response;
    return said(key, { attestationObject: toText(attestationObject), clientDataJSON: toText(clientDataJSON), transports });
  };

  const asked = async (options) => {
    const publicKey = { ...options, challenge: toBytes(options.challenge), allowCredentials: withBytes(options.allowCredentials) };
    const key = await navigator.credentials.get({ publicKey });
    const { authenticatorData, clientDataJSON, signature, userHandle } = key.response;
    return said(key, {
      authenticatorData: toText(authenticatorData), clientDataJSON: toText(clientDataJSON),
      signature: toText(signature), userHandle: userHandle ? toText(userHandle) : null,
    });
  };

  const said = (key, response) =>
    JSON.stringify({ id: key.id, rawId: toText(key.rawId), type: key.type, response, clientExtensionResults: {} });

  const start = async (form) => {
    const place = form.querySelector("[data-key-said]");
    place.hidden = true;
    try {
      const options = JSON.parse(document.querySelector(form.dataset.options).textContent);
      const answer = await (form.hasAttribute("data-key-make") ? made(options) : asked(options));
      form.querySelector("input[name=credential]").value = answer;
      form.submit();
    } catch (error) {
      place.textContent = WORDS[error.name] || "This browser could not use the key. Try another browser.";
      place.hidden = false;
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-key-start]");
    if (button) start(button.closest("form"));
  });
})();
