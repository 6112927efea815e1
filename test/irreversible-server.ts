import { CONNECTOR_KINDS } from '../packages/connectors/src/index.ts';

/** The server, in which nothing takes back what the provider `oneway` did: no connector that there is offers such an action. */
for (const kind of CONNECTOR_KINDS) {
  const { open } = kind;
  Object.assign(kind, {
    open: (...args: Parameters<typeof open>): ReturnType<typeof open> => {
      const connector = open(...args);
      if (args[0].name !== 'oneway') return connector;
      const actions = connector.traits.actions.map((action) => ({ ...action, reversible: false }));
      const release = (): never => {
        throw new Error('It was asked to take back what nothing takes back.');
      };
      return { ...connector, traits: { ...connector.traits, actions }, release };
    },
  });
}

await import('../packages/server/src/main.ts');
