// The server makes catalogue.js from annotate_app/texts, for the language that the page's URL names.

/** The code of the language, such as `de`. */
export const LANGUAGE: string;
/** What each language on offer calls itself, by its code. */
export const LANGUAGES: { [code: string]: string };
/** The text of each key; `{name}` is filled in. */
export const TEXTS: { [key: string]: string };
