// The way out keeps its contract before a provider that speaks nothing but HTTP/2.
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll } from 'vitest';
import { createUpstream } from '#lambda/http/upstream.ts';
import { describeUpstream } from '../contracts/upstream.ts';
import { startH2TestServer } from '../contracts/upstream-server.ts';

const trusted = getCACertificates('default');
const cert = readFileSync(new URL('../fixtures/tls/localhost-test-cert.pem', import.meta.url), 'utf8');

beforeAll(() => setDefaultCACertificates([cert]));
afterAll(() => setDefaultCACertificates(trusted));

describeUpstream('sessions of HTTP/2', createUpstream, startH2TestServer);
