// nginx as a plain proxy with kept connections, where it is installed: the limit of what a proxy can do on this machine.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './processes.ts';
import { makeFolder } from '../temporary.ts';

const toConfig = (folder: string, port: number, upstreamPort: number): string => `daemon off;
master_process off;
worker_processes 1;
pid ${join(folder, 'pid')};
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  keepalive_requests 10000000;
  client_max_body_size 10m;
  client_body_buffer_size 1m;
  upstream provider { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;

/** nginx before the provider at this port; null where it is not installed. */
export function findNginx(upstreamPort: number): Program | null {
  if (spawnSync('nginx', ['-v'], { stdio: 'ignore' }).status !== 0) return null;
  return {
    name: 'nginx',
    command: 'nginx',
    args: (port) => {
      const folder = makeFolder();
      const path = join(folder, 'nginx.conf');
      writeFileSync(path, toConfig(folder, port, upstreamPort));
      return ['-c', path, '-p', folder];
    },
    env: {},
  };
}
