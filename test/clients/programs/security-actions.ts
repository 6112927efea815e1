import {
  apiClientProxifier,
  type ErrorMappings,
  type NavigationMetadata,
  type Parsable,
  type ParsableFactory,
  type RequestAdapter,
  type RequestConfiguration,
  type RequestInformation,
  type RequestsMetadata,
} from '@microsoft/kiota-abstractions';
import {
  createSecurityActionCollectionResponseFromDiscriminatorValue,
  createSecurityActionFromDiscriminatorValue,
  type SecurityAction,
  type SecurityActionCollectionResponse,
  serializeSecurityAction,
} from '@microsoft/msgraph-beta-sdk/models/index.js';
import { createODataErrorFromDiscriminatorValue } from '@microsoft/msgraph-beta-sdk/models/oDataErrors/index.js';

/**
 * What the SDK's package for security, which is not on npm, says about securityActions: URL templates, models, media
 * types. Everything that is done with it, the SDK's published packages do.
 *
 * @see https://github.com/microsoftgraph/msgraph-beta-sdk-typescript packages/msgraph-beta-sdk-security
 */
export const ERROR_MAPPINGS: ErrorMappings = {
  XXX: createODataErrorFromDiscriminatorValue as ParsableFactory<Parsable>,
};

const COLLECTION = '{+baseurl}/security/securityActions';
const ITEM = `${COLLECTION}/{securityAction%2Did}`;
const json = { responseBodyContentType: 'application/json', errorMappings: ERROR_MAPPINGS } as const;
const oneAction = {
  ...json,
  adapterMethodName: 'send',
  responseBodyFactory: createSecurityActionFromDiscriminatorValue as ParsableFactory<Parsable>,
} as const;
const fromAction = {
  requestBodyContentType: 'application/json',
  requestBodySerializer: serializeSecurityAction as never,
  requestInformationContentSetMethod: 'setContentFromParsable',
} as const;
const noContent = { ...json, adapterMethodName: 'sendNoResponseContent' } as const;

const OPTIONS = ['count', 'expand', 'filter', 'orderby', 'search', 'select', 'skip', 'top'] as const;
const withOptions = (template: string, ...options: readonly string[]) => ({
  uriTemplate: `${template}{?${options.map((option) => `%24${option}`).join(',')}}`,
  queryParametersMapper: Object.fromEntries(options.map((option) => [option, `%24${option}`])),
});

const collection: RequestsMetadata = {
  get: {
    ...json,
    ...withOptions(COLLECTION, ...OPTIONS),
    adapterMethodName: 'send',
    responseBodyFactory: createSecurityActionCollectionResponseFromDiscriminatorValue as ParsableFactory<Parsable>,
  },
  post: { ...oneAction, ...fromAction, uriTemplate: COLLECTION },
};

const navigation: Record<string, NavigationMetadata> = {
  byId: {
    pathParametersMappings: ['securityAction%2Did'],
    requestsMetadata: {
      get: { ...oneAction, ...withOptions(ITEM, 'expand', 'select') },
      patch: { ...oneAction, ...fromAction, uriTemplate: ITEM },
      delete: { ...noContent, uriTemplate: ITEM },
    },
    navigationMetadata: {
      cancel: { requestsMetadata: { post: { ...noContent, uriTemplate: `${ITEM}/cancelSecurityAction` } } },
    },
  },
  count: {
    requestsMetadata: {
      get: {
        ...withOptions(`${COLLECTION}/$count`, 'filter', 'search'),
        adapterMethodName: 'sendPrimitive',
        responseBodyFactory: 'number',
        responseBodyContentType: 'text/plain;q=0.9',
        errorMappings: ERROR_MAPPINGS,
      },
    },
  },
};

export interface ListOptions {
  readonly count?: boolean;
  readonly expand?: string[];
  readonly filter?: string;
  readonly orderby?: string[];
  readonly search?: string;
  readonly select?: string[];
  readonly skip?: number;
  readonly top?: number;
}

type Configuration<Options extends object = object> = RequestConfiguration<Options>;

interface SecurityActionBuilder {
  get(configuration?: Configuration<ListOptions>): Promise<SecurityAction | undefined>;
  patch(body: SecurityAction, configuration?: Configuration): Promise<SecurityAction | undefined>;
  delete(configuration?: Configuration): Promise<void>;
  toGetRequestInformation(configuration?: Configuration<ListOptions>): RequestInformation;
  readonly cancel: {
    post(configuration?: Configuration): Promise<void>;
    toPostRequestInformation(configuration?: Configuration): RequestInformation;
  };
}

interface SecurityActionsBuilder {
  get(configuration?: Configuration<ListOptions>): Promise<SecurityActionCollectionResponse | undefined>;
  post(body: SecurityAction, configuration?: Configuration): Promise<SecurityAction | undefined>;
  toGetRequestInformation(configuration?: Configuration<ListOptions>): RequestInformation;
  toPostRequestInformation(body: SecurityAction, configuration?: Configuration): RequestInformation;
  byId(id: string): SecurityActionBuilder;
  readonly count: { get(configuration?: Configuration<ListOptions>): Promise<number | undefined> };
}

/** `client.security.securityActions` as the SDK would have it. */
export const securityActionsOf = (adapter: RequestAdapter): SecurityActionsBuilder =>
  apiClientProxifier(adapter, { baseurl: adapter.baseUrl }, navigation, collection);
