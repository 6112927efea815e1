import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { actionStatements } from './action-statements.ts';
import { changeStatements } from './change-statements.ts';
import { enforcementStatements } from './enforcement-statements.ts';
import { entityStatements } from './entity-statements.ts';
import { feedStatements } from './feed-statements.ts';
import { keptOrderStatements } from './kept-order-statements.ts';
import { keyStatements } from './key-statements.ts';
import { ledgerStatements } from './ledger-statements.ts';
import { pauseStatements } from './pause-statements.ts';
import { requestStatements } from './request-statements.ts';
import { strayStatements } from './stray-statements.ts';
import { subscriptionStatements } from './subscription-statements.ts';
import { wordStatements } from './word-statements.ts';

/** Every query of `store/queries.ts` has its text in one of these. */
export const allStatements: Statements<QueryName> = {
  ...actionStatements,
  ...entityStatements,
  ...changeStatements,
  ...keyStatements,
  ...requestStatements,
  ...enforcementStatements,
  ...ledgerStatements,
  ...feedStatements,
  ...strayStatements,
  ...subscriptionStatements,
  ...keptOrderStatements,
  ...wordStatements,
  ...pauseStatements,
};
