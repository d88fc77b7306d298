// Lets Uppy (@uppy/aws-s3 6.x) upload to Esteira: uppy.use(AwsS3, esteiraSigner(uppy, { url })).

const MEBIBYTE = 1024 * 1024;

export function esteiraSigner(uppy, { url, headers = {}, describe = () => ({}) }) {
  async function call(method, path, body) {
    const answer = await fetch(`${url}/api/v1/documents${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.detail);
    return content;
  }

  function announce(fileId, multipart) {
    const file = uppy.getFile(fileId);
    const { name, size, type } = file;
    const request = { filename: name, size_bytes: size, content_type: type || undefined, multipart, ...describe(file) };
    return call("POST", "/upload/presigned", request);
  }

  async function begin(fileId) {
    const { document_id, upload } = await announce(fileId, true);
    const xml = `<InitiateMultipartUploadResult><UploadId>${upload.upload_id}</UploadId></InitiateMultipartUploadResult>`;
    return { url: answered(xml), key: document_id };
  }

  async function arrived(path, which) {
    const { items } = await call("GET", `${path}/parts${which}`);
    const part = ({ part_number, etag }) =>
      `<Part><PartNumber>${part_number}</PartNumber><ETag>${etag.replaceAll('"', "")}</ETag></Part>`;
    return { url: answered(`<ListPartsResult>${items.map(part).join("")}</ListPartsResult>`) };
  }

  async function complete(documentId, path, which) {
    const { items } = await call("GET", `${path}/parts${which}`);
    const parts = items.map(({ part_number, etag }) => ({ part_number, etag }));
    await call("POST", `${path}/complete${which}`, { parts });
    const result = `<Location>${url}/api/v1/documents/${documentId}</Location><Key>${documentId}</Key>`;
    return { url: answered(`<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`) };
  }

  // Uppy's key is the file's id until the document is announced, and the document's id from then on.
  async function signRequest({ method, key, uploadId, partNumber }) {
    const [path, which] = [`/${key}/upload`, `?upload_id=${encodeURIComponent(uploadId)}`];
    if (!uploadId && method === "POST") return begin(key);
    if (!uploadId) {
      const { document_id, upload } = await announce(key, false);
      return { url: upload.url, headers: upload.headers, key: document_id };
    }
    if (method === "PUT") return call("GET", `${path}/parts/${partNumber}${which}`);
    if (method === "GET") return arrived(path, which);
    if (method === "POST") return complete(key, path, which);
    await call("DELETE", `${path}${which}`);
    return { url: answered("") };
  }

  uppy.addPostProcessor((fileIds) => {
    const documentIds = fileIds.map((id) => uppy.getFile(id)?.response?.body?.key).filter(Boolean);
    return Promise.all(documentIds.map((id) => call("POST", `/${id}/process`)));
  });

  return {
    signRequest,
    generateObjectKey: (file) => file.id,
    shouldUseMultipart: (file) => file.size > 64 * MEBIBYTE,
    // The part size that Esteira gives.
    getChunkSize: ({ size }) => Math.max(16, Math.ceil(size / 10_000 / MEBIBYTE)) * MEBIBYTE,
  };
}

/** Where Uppy would ask S3 itself, Esteira has been asked already: this is a URL that answers what S3 would. */
function answered(xml) {
  return `data:application/xml,${encodeURIComponent(xml)}`;
}
