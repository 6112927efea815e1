/** The application that speaks for all products. */
export const REPORTER = 'reporter';
