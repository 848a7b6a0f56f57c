// SPDX-License-Identifier: BSD-2-Clause
// Files that are dropped anywhere on the chat.
import {element} from "./elements.js";
import {t} from "./words.js";

const carriesFiles = event => [...event.dataTransfer?.types ?? []].includes("Files");

/** target: where they may be dropped; what is seen meanwhile stands in `place`. add(files). signal: ends it. */
export function takeDrops(target, place, add, signal) {
  const zone = element("div", "dropzone", t("Drop files here"));
  let inside = 0;
  zone.hidden = true;
  zone.setAttribute("aria-hidden", "true");
  place.append(zone);
  const show = depth => {
    inside = Math.max(0, depth);
    zone.hidden = inside === 0;
  };
  const listen = (type, act) => target.addEventListener(type, event => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    act(event);
  }, {signal});
  listen("dragenter", () => show(inside + 1));
  listen("dragleave", () => show(inside - 1));
  listen("dragover", event => { event.dataTransfer.dropEffect = "copy"; });
  listen("drop", event => {
    show(0);
    add([...event.dataTransfer.files]);
  });
}
