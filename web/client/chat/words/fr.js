// Français: the sentences of the screen, by their English. docs/client.md tells how to add a language.
export default {
};
