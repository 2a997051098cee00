// Why a saved secret can't be opened: in a list of its own, since server, store and pages say it in words of their own.

/** `lost`: enter it again. `master_key`: until the key of all secrets is put right, nothing secret can be saved either. `away`: for now; it is tried again. */
export const lockKinds = ['lost', 'master_key', 'away'] as const;
export type Lock = (typeof lockKinds)[number];
