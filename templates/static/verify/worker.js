/* Checks a package beside the page, so that the page stays alive. Nothing is sent anywhere: it reads the file it is given. */
"use strict";

import { checkPackage } from "./checking.js";
import { told, UnreadableError } from "./findings.js";

const NOT_HERE = 3;

const canVerify = async () => {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32).fill(9, 0, 1), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch (error) { return Boolean(globalThis.crypto?.subtle) && error.name !== "NotSupportedError"; }
};

addEventListener("message", async ({ data: { number, file, pins, checkpoints } }) => {
  const answer = (said) => postMessage({ number, ...said });
  const step = (words) => answer({ step: words });
  if (!(await canVerify())) {
    answer({ code: NOT_HERE, lines: ["This browser cannot check Ed25519 signatures here (it needs a recent version, and https): use verify.py."] });
    return;
  }
  try {
    const report = await checkPackage(file, { pins, checkpoints, step });
    answer(told(report));
  } catch (error) {
    if (error instanceof UnreadableError) answer({ code: 2, lines: [`Unreadable: ${error.message}`] });
    else answer({ code: NOT_HERE, lines: [`The check itself failed: ${error.name} ${error.message}. Use verify.py.`] });
  }
});
