/** Characters of a page: a thousand actions of 256 KB would stop the process for seconds; as many of 4 KB fit. */
export const LARGEST_PAGE = 4 * 1_048_576;
