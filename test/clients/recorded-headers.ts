/**
 * The headers with which the SDKs that do not run here send a request over HTTP/1.1, as their sources write them. The
 * version numbers are of the day; nothing depends on them.
 *
 * @see https://github.com/microsoft/kiota-http-go https://github.com/microsoftgraph/msgraph-sdk-go-core
 * @see https://github.com/microsoftgraph/msgraph-sdk-dotnet-core https://github.com/microsoft/kiota-python
 * @see https://github.com/microsoftgraph/msgraph-sdk-powershell
 */
export const RECORDED = {
  /** Bodies are packed, whatever their size; `Go-http-client` writes its header names so. */
  go: {
    isPacked: true,
    headers: [
      'User-Agent: kiota-go/1.5.4',
      'Accept: application/json',
      'Client-Request-Id: 2b4e7a52-9c1d-4a7e-8f0e-6a3f0c5d1e2f',
      'Sdkversion: graph-go-beta/0.130.0, graph-go-core/1.4.0 (hostOS=linux; hostArch=amd64; runtimeEnvironment=go1.24.1;)',
      'Accept-Encoding: gzip',
    ],
  },
  dotnet: {
    isPacked: false,
    headers: [
      'Accept: application/json',
      'Cache-Control: no-store, no-cache',
      'SdkVersion: graph-dotnet-beta/5.120.0, graph-dotnet-core/3.2.4 (featureUsage=0000004F; hostOS=Unix 6.1.0.0; hostArch=X64; runtimeEnvironment=.NET 9.0.4;)',
      'client-request-id: 5f0f6a52-1f0a-4c39-a51c-0b1f3f2d9a10',
      'User-Agent: kiota-dotnet/1.17.2',
      'Accept-Encoding: gzip',
    ],
  },
  python: {
    isPacked: false,
    headers: [
      'accept: application/json',
      'accept-encoding: gzip, deflate',
      'connection: keep-alive',
      'user-agent: python-httpx/0.28.1 kiota-python/1.9.3',
      'client-request-id: 7c9a2f3e-55d1-4d0e-9c43-3f8a1b2c4d5e',
      'sdkversion: graph-python-beta/1.40.0, graph-python-core/1.3.3 (featureUsage=0x3f; hostOS=Linux; hostArch=64bit; runtimeEnvironment=Python/3.12.9)',
    ],
  },
  powershell: {
    isPacked: false,
    headers: [
      'User-Agent: Mozilla/5.0 (Linux; Debian GNU/Linux 12; en-US) PowerShell/7.5.0 Invoke-MgGraphRequest',
      'Cache-Control: no-store, no-cache',
      'FeatureFlag: 00000047',
      'SdkVersion: graph-powershell/2.26.1, Graph-dotnet-1.25.1 (featureUsage=00000047; hostOS=Linux; hostArch=X64;)',
      'client-request-id: d2b9e7c4-0a61-4f8b-8a3b-1f5e6d7c8b9a',
      'Accept-Encoding: gzip',
    ],
  },
} as const;

export type ClientName = keyof typeof RECORDED;

export const CLIENTS = Object.keys(RECORDED) as readonly ClientName[];
