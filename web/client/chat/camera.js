// SPDX-License-Identifier: BSD-2-Clause
// A picture by the camera: a phone's own application takes it, a computer's camera is shown in a dialog.
import {button, element} from "./elements.js";
import {icon} from "./icons.js";
import {t} from "./words.js";

const SIDE = 2048; // px of the longer side of a picture
const QUALITY = 0.85;

const isPhone = () => matchMedia("(pointer: coarse)").matches;
export const hasCamera = () => isPhone() || Boolean(navigator.mediaDevices?.getUserMedia);

/** take(files). tell(text): why there is none. place(): where the dialog stands. Gives the elements of the button. */
export function cameraButton({take, tell, place}) {
  const input = element("input");
  Object.assign(input, {type: "file", accept: "image/*", hidden: true, ariaLabel: t("Take a picture")});
  input.setAttribute("capture", "environment");
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  const open = button("", "quiet camera", () => isPhone() ? input.click() : shoot({take, tell, place: place()}));
  open.append(icon("camera"), element("span", "hidden", t("Take a picture")));
  return [open, input];
}

async function shoot({take, tell, place}) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment"}});
  } catch (error) {
    tell(error.name === "NotAllowedError" ? t("The camera may not be used here. Allow it in the browser's settings.") : t("No camera was found."));
    return;
  }
  const dialog = element("dialog", "camera-dialog"), video = element("video"), row = element("div", "row");
  dialog.setAttribute("aria-label", t("Camera"));
  Object.assign(video, {srcObject: stream, autoplay: true, muted: true, playsInline: true});
  const done = () => {
    for (const track of stream.getTracks()) track.stop();
    dialog.remove();
  };
  row.append(button(t("Take the picture"), "", async () => {
    const blob = await picture(video);
    dialog.close();
    if (blob) take([new File([blob], `${t("picture")}.jpg`, {type: blob.type})]);
  }), button(t("Cancel"), "quiet", () => dialog.close()));
  dialog.append(video, row);
  dialog.addEventListener("close", done);
  place.append(dialog);
  dialog.showModal();
}

function picture(video) {
  const {videoWidth: width, videoHeight: height} = video, by = Math.min(1, SIDE / Math.max(width, height)), canvas = element("canvas");
  if (!width) return null;
  Object.assign(canvas, {width: Math.round(width * by), height: Math.round(height * by)});
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise(done => canvas.toBlob(done, "image/jpeg", QUALITY));
}
