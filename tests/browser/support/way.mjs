/**
 * The type of the candidate by which the page is connected: `host`, `srflx`, `prflx` or `relay`.
 *
 * @param {import('./view.mjs').View} view
 */
export function way(view) {
  return view.page.evaluate(async () => {
    const stats = [...((await globalThis.deskbeam.peerConnection?.getStats()) ?? new Map()).values()];
    const route = stats.find(({ type, nominated }) => type === 'candidate-pair' && nominated);
    return stats.find(({ id }) => id === route?.localCandidateId)?.candidateType;
  });
}
