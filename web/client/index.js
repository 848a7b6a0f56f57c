// SPDX-License-Identifier: BSD-2-Clause
// What the package gives. The custom element has a module of its own.
export {initial, isPending, reduce, shown} from "./conversation.js";
export {claim, isAfter, newId, TurnpikeClient} from "./client.js";
