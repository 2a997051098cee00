// Alarms and a dashboard over what the function and the table tell of themselves, and over what Freeway counts.
import { CfnCondition, Duration, Fn, type CfnParameter, type Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';

export interface Watched {
  readonly handler: lambda.Function;
  readonly tableName: string;
  readonly alarmEmail: CfnParameter;
}

const NAMESPACE = 'Freeway';
const FIVE_MINUTES = Duration.minutes(5);

interface Rule {
  readonly id: string;
  readonly metric: cloudwatch.IMetric;
  readonly above: number;
  readonly says: string;
  /** So many periods must be above; default 1. */
  readonly periods?: number;
  /** Of so many; default 3. */
  readonly of?: number;
}

type Own = (metricName: string, statistic?: string) => cloudwatch.Metric;

/** What this function counts itself, as one sum over all labels. Another stage in the same account has its own. */
const toOwn =
  ({ handler }: Watched): Own =>
  (metricName, statistic = 'Sum') =>
    new cloudwatch.Metric({
      namespace: NAMESPACE,
      metricName,
      statistic,
      period: FIVE_MINUTES,
      dimensionsMap: { FunctionName: handler.functionName },
    });

const ofTable = ({ tableName }: Watched, metricName: string): cloudwatch.Metric =>
  new cloudwatch.Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    statistic: 'Sum',
    period: FIVE_MINUTES,
    dimensionsMap: { TableName: tableName },
  });

/** Lambda counts a direct invoke as failed whatever the reason; those that are their callers' fault are taken off. */
const toCrashes = (watched: Watched): cloudwatch.MathExpression =>
  new cloudwatch.MathExpression({
    expression: 'errors - FILL(refusals, 0)',
    usingMetrics: {
      errors: watched.handler.metricErrors({ period: FIVE_MINUTES }),
      refusals: toOwn(watched)('freeway_invoke_refusals_total'),
    },
    label: 'Crashes and failed direct invokes',
    period: FIVE_MINUTES,
  });

function toErrorShare({ handler }: Watched): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({
    // The larger of both, not of one and a constant: the list may hold nothing but metrics.
    expression: '100 * errors / MAX([errors, requests])',
    usingMetrics: {
      errors: handler.metric('Url5xxCount', { statistic: 'Sum', period: FIVE_MINUTES }),
      requests: handler.metric('UrlRequestCount', { statistic: 'Sum', period: FIVE_MINUTES }),
    },
    label: 'Replies with 5xx, percent',
    period: FIVE_MINUTES,
  });
}

function toRules(watched: Watched): Rule[] {
  const { handler } = watched;
  const own = toOwn(watched);
  return [
    { id: 'Availability', metric: toErrorShare(watched), above: 1, periods: 2, says: 'More than 1 % of the replies are 5xx.' },
    { id: 'Crashes', metric: toCrashes(watched), above: 0, says: 'The function crashed, ran out of time, or failed a direct invoke by no fault of its caller.' },
    { id: 'Throttled', metric: handler.metricThrottles({ period: FIVE_MINUTES }), above: 0, says: 'More requests came at once than the reserved concurrency lets in.' },
    { id: 'TableThrottled', metric: ofTable(watched, 'WriteThrottleEvents'), above: 0, says: 'The table refuses writes for load.' },
    { id: 'StoreAway', metric: own('freeway_store_unavailable_total'), above: 0, periods: 2, says: 'The table does not answer, and each instance keeps limits by itself.' },
    { id: 'Exhausted', metric: own('freeway_exhausted_total'), above: 0, periods: 2, says: 'Callers were refused because no quota was left anywhere.' },
    { id: 'QuotaNearEnd', metric: own('freeway_quota_pressure', 'Maximum'), above: 0.9, periods: 6, of: 12, says: 'For half an hour nothing free of some kind has had more than a tenth left of what must last for hours or days.' },
    { id: 'Spending', metric: own('freeway_alerts_total'), above: 0, says: 'A budget has reached one of its marks, or use is unusual.' },
    { id: 'KeysLocked', metric: own('freeway_credentials_locked', 'Maximum'), above: 0, periods: 2, says: "Saved provider keys can't be opened." },
    { id: 'Security', metric: own('freeway_security_events_total'), above: 20, says: 'Many sign-ins or keys were refused.' },
  ]; // prettier-ignore
}

function addTopic(stack: Stack, { alarmEmail }: Watched): sns.Topic {
  const topic = new sns.Topic(stack, 'Alarms', { displayName: 'Freeway alarms' });
  const wanted = new CfnCondition(stack, 'HasAlarmEmail', {
    expression: Fn.conditionNot(Fn.conditionEquals(alarmEmail.valueAsString, '')),
  });
  const subscription = new sns.CfnSubscription(stack, 'AlarmEmailSubscription', {
    topicArn: topic.topicArn,
    protocol: 'email',
    endpoint: alarmEmail.valueAsString,
  });
  subscription.cfnOptions.condition = wanted;
  return topic;
}

function addAlarms(stack: Stack, watched: Watched, topic: sns.Topic): cloudwatch.Alarm[] {
  return toRules(watched).map(({ id, metric, above, periods = 1, of = 3, says }) => {
    const alarm = new cloudwatch.Alarm(stack, `${id}Alarm`, {
      metric,
      threshold: above,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: of,
      datapointsToAlarm: periods,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: `${says} The runbook (docs/operate.md) says what to do.`,
    });
    alarm.addAlarmAction({ bind: () => ({ alarmActionArn: topic.topicArn }) });
    return alarm;
  });
}

function addDashboard(stack: Stack, watched: Watched, alarms: cloudwatch.Alarm[]): void {
  const { handler } = watched;
  const own = toOwn(watched);
  const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []): cloudwatch.GraphWidget =>
    new cloudwatch.GraphWidget({ title, left, right, width: 8, height: 6 });
  const dashboard = new cloudwatch.Dashboard(stack, 'Dashboard', { defaultInterval: Duration.hours(24) });
  dashboard.addWidgets(new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 3 }));
  dashboard.addWidgets(
    graph('Requests and errors', [own('freeway_requests_total')], [toErrorShare(watched)]),
    graph(
      'Limits absorbed',
      [own('freeway_attempts_total'), own('freeway_limited_total')],
      [own('freeway_exhausted_total')],
    ),
    graph(
      'Pressure of the tightest pool',
      [own('freeway_pool_pressure', 'Maximum'), own('freeway_quota_pressure', 'Maximum')],
      [own('freeway_breaker_open', 'Maximum')],
    ),
  );
  dashboard.addWidgets(
    graph('Duration and first content', [
      handler.metricDuration({ statistic: 'p50' }),
      handler.metricDuration({ statistic: 'p95' }),
      own('freeway_first_content_seconds', 'p95'),
    ]),
    graph(
      'Tokens and money',
      [own('freeway_tokens_total')],
      [own('freeway_cost_usd_total'), own('freeway_list_price_saved_usd_total')],
    ),
    graph(
      'Instances and the table',
      [handler.metric('ConcurrentExecutions', { statistic: 'Maximum' })],
      [ofTable(watched, 'ConsumedWriteCapacityUnits')],
    ),
  );
}

/** Adds topic, alarms and dashboard. */
export function addWatch(stack: Stack, watched: Watched): void {
  addDashboard(stack, watched, addAlarms(stack, watched, addTopic(stack, watched)));
}
