// The words of the chat.
import { defineMessages } from '../../lib/messages.ts';
import { german } from './messages-de.ts';
import { english } from './messages-en.ts';

export const chatMessages = defineMessages(english, german);
