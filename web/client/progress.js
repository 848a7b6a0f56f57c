// SPDX-License-Identifier: BSD-2-Clause
// A request that tells how much of its body has gone: fetch does not, XMLHttpRequest does.

/** In place of fetch(url, options): progress(sent, of) in bytes. Gives what a client reads of a Response. */
export const sendTelling = progress => (url, {method, headers, body, signal, credentials}) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest(), stop = () => request.abort();
  const fail = error => {
    signal?.removeEventListener("abort", stop);
    reject(error);
  };
  request.open(method, url);
  request.withCredentials = credentials === "include";
  request.responseType = "text";
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.upload.onprogress = event => event.lengthComputable && progress(event.loaded, event.total);
  request.onload = () => {
    signal?.removeEventListener("abort", stop);
    const {status, responseText} = request;
    resolve({status, ok: status >= 200 && status < 300, headers: {get: name => request.getResponseHeader(name)}, json: async () => JSON.parse(responseText)});
  };
  request.onerror = () => fail(new TypeError("The network failed."));
  request.onabort = () => fail(signal?.reason ?? new DOMException("The upload was stopped.", "AbortError"));
  if (signal?.aborted) return fail(signal.reason);
  signal?.addEventListener("abort", stop);
  request.send(body);
});
