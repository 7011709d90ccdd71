// A certified OpenID provider with a few people. Argument: {issuer, port, accounts, clients, methods} as JSON. Its own pages ask who
// somebody is and whether they agree; any password is right. Says "listening" on standard output.

import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const { issuer, port, accounts, clients, methods } = JSON.parse(process.argv[2]);

const key = (type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  kid: `${alg}-${process.pid}`,
  alg,
  use: 'sig',
});

const provider = new Provider(issuer, {
  clients,
  clientAuthMethods: methods,
  jwks: {
    keys: [
      key('rsa', { modulusLength: 2048 }, 'RS256'),
      key('ec', { namedCurve: 'P-256' }, 'ES256'),
    ],
  },
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  scopes: ['openid', 'profile', 'email', 'groups'],
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'HS256'] },
  pkce: { required: () => true },
  cookies: { keys: ['only for tests'] },
  findAccount: (_context, id) => {
    const claims = accounts[id];
    return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) };
  },
});

// Nobody reads what it says after that.
process.stdout.on('error', () => {});
provider.on('server_error', (_context, error) => console.error(error));
createServer(provider.callback()).listen(port, '127.0.0.1', () => console.log('listening'));
