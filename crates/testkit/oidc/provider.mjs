// A certified OpenID provider with a few people. Argument: JSON with
//   issuer, port;
//   accounts: claims of people by their ids;
//   clients: as they would register (RFC 7591), and methods: how clients may prove who they are;
//   resources: for which it issues JWTs as access tokens (RFC 8707, RFC 9068), with the claims of their people;
//   registration: whether clients register themselves.
// Its own pages ask who somebody is and whether they agree; any password is right. Says "listening" on standard output.

import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider, { errors } from 'oidc-provider';

const {
  issuer, port, accounts,
  clients = [],
  methods = ['client_secret_basic', 'client_secret_post', 'none'],
  resources = [],
  registration = false,
} = JSON.parse(process.argv[2]);

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
  features: {
    registration: { enabled: registration },
    resourceIndicators: {
      enabled: resources.length > 0,
      defaultResource: (_context, _client, oneOf) => oneOf,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource) => {
        if (!resources.includes(resource)) throw new errors.InvalidTarget();
        return {
          scope: 'mcp:read mcp:query',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        };
      },
    },
  },
  extraTokenClaims: (_context, token) => accounts[token.accountId],
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
