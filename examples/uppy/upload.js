// A page that uploads to Esteira by Uppy: the address of the server is in ?esteira=.
import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";

import { esteiraSigner } from "./esteira-signer.js";

const url = new URLSearchParams(location.search).get("esteira") ?? "http://localhost:8000";
const list = document.querySelector("ul");

export const uppy = new Uppy({ autoProceed: true });
uppy.use(AwsS3, esteiraSigner(uppy, { url, describe: ({ meta }) => ({ metadata: { from: meta.from ?? "Uppy" } }) }));

uppy.on("upload-success", ({ name }, { body }) => say(`${name} is the document ${body.key}`));
uppy.on("upload-error", ({ name }, error) => say(`${name}: ${error.message}`));

document.querySelector("input").addEventListener("change", ({ target }) => {
  for (const file of target.files) uppy.addFile(file);
});

function say(sentence) {
  list.append(Object.assign(document.createElement("li"), { textContent: sentence }));
}
