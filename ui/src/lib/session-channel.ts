// The name under which windows tell each other that somebody signed in or out.
export const SESSION_CHANNEL = 'freeway.session';
