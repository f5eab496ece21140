/** Where a task was submitted; V8 makes the text of `stack` when it is read. */
export interface SubmitSite {
  stack?: string;
}

/**
 * To be called by the public function itself: the deeper below it, the more each task pays. That the frames of
 * this package come first does not matter, they are left out of what is shown.
 */
export function submitSite(): SubmitSite {
  const site: SubmitSite = {};
  Error.captureStackTrace(site);
  return site;
}
