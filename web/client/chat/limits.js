// SPDX-License-Identifier: BSD-2-Clause
// What a limit of the site says to the user: by the codes of refusals, and by the warning in the inbox.
import {region, t} from "./words.js";

const time = at => new Date(at).toLocaleString(region(), {dateStyle: "medium", timeStyle: "short"});

/** Of a refusal {code, retryAfterMs?}; undefined when it is not for a limit. */
export function limitWords({code, retryAfterMs}) {
  const again = retryAfterMs ? ` ${t("It goes on at {time}.", {time: time(Date.now() + retryAfterMs)})}` : "";
  switch (code) {
    case "budget_used_up": return t("What you may use is used up for now.") + again;
    case "site_budget_used_up": return t("What this site may use is used up for now.") + again;
    case "rate_limited": return t("Too many messages in a short time. Wait a moment.");
    case "turns_per_user": case "turns_per_key": return t("Too many answers are being written at once. Wait for one of them.");
    case "storage_full": return t("Your data take all the room that you have here. Delete some.");
    default: return undefined;
  }
}

/** Of a warning {name, threshold, resets_at_ms}. */
export function warningWords({name = "", threshold, resets_at_ms}) {
  const values = {percent: threshold, time: time(resets_at_ms)};
  return name.endsWith("_month") ? t("You have used {percent} % of what you may use in a month. It begins anew at {time}.", values)
    : t("You have used {percent} % of what you may use in a day. It begins anew at {time}.", values);
}
