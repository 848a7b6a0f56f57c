// What the package gives. The custom element has a module of its own.
export {claim, isAfter, newId, TurnpikeClient} from "./client.js";
