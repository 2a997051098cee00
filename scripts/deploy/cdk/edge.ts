// A CloudFront distribution before the function's URL. It adds a secret to each request by which the function knows it.
import { Duration, Fn, type Stack } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** Makes the secret, and tells the function. Signed origins won't do: callers would have to send the hash of every body. */
export function addEdgeSecret(stack: Stack, handler: lambda.Function): secretsmanager.Secret {
  const secret = new secretsmanager.Secret(stack, 'EdgeSecret', {
    description: 'By what the function knows the distribution before it',
    generateSecretString: { passwordLength: 48, excludePunctuation: true },
  });
  handler.addEnvironment('FREEWAY_EDGE_SECRET', secret.secretValue.unsafeUnwrap());
  return secret;
}

/** Puts the distribution before the URL. Nothing is cached: answers are for those who asked. */
export function addEdge(stack: Stack, url: lambda.FunctionUrl, secret: secretsmanager.Secret): cloudfront.Distribution {
  const origin = new origins.HttpOrigin(Fn.select(2, Fn.split('/', url.url)), {
    protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
    // The longest without a quota of one's own; waiting requests are kept alive on streams.
    readTimeout: Duration.seconds(60),
    keepaliveTimeout: Duration.seconds(60),
    customHeaders: { 'x-freeway-edge': secret.secretValue.unsafeUnwrap() },
  });
  return new cloudfront.Distribution(stack, 'Edge', {
    comment: 'Freeway',
    httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
    defaultBehavior: {
      origin,
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
      // Streams must not wait for enough to compress.
      compress: false,
      // All that callers send, but for the name of the host, by which the URL is found.
      originRequestPolicy: new cloudfront.OriginRequestPolicy(stack, 'EdgeRequests', {
        headerBehavior: cloudfront.OriginRequestHeaderBehavior.denyList('host'),
        queryStringBehavior: cloudfront.OriginRequestQueryStringBehavior.all(),
        cookieBehavior: cloudfront.OriginRequestCookieBehavior.all(),
      }),
    },
  });
}
