// The CDK app: synthesises the stack of one stage into a folder. Reads FREEWAY_STAGE, FREEWAY_CODE, FREEWAY_SETTINGS_MARK, FREEWAY_UPLOADS, FREEWAY_CLOUDFRONT, FREEWAY_MAIL_FROM and FREEWAY_OUT.
import { App, DefaultStackSynthesizer } from 'aws-cdk-lib';
import { FreewayStack, stages } from './stack.ts';

const {
  FREEWAY_STAGE = 'dev',
  FREEWAY_CODE,
  FREEWAY_SETTINGS_MARK = '',
  FREEWAY_UPLOADS = 'on',
  FREEWAY_CLOUDFRONT = 'off',
  FREEWAY_MAIL_FROM,
  FREEWAY_OUT,
} = process.env;
const stage = stages.find((known) => known === FREEWAY_STAGE);
if (stage === undefined) throw new Error(`The stage "${FREEWAY_STAGE}" is none of ${stages.join(', ')}.`);

const app = new App({ ...(FREEWAY_OUT ? { outdir: FREEWAY_OUT } : {}), analyticsReporting: false });
const stack = new FreewayStack(app, `freeway-${stage}`, {
  stage,
  codePath: FREEWAY_CODE ?? null,
  settingsMark: FREEWAY_SETTINGS_MARK,
  uploads: FREEWAY_UPLOADS !== 'off',
  cloudfront: FREEWAY_CLOUDFRONT === 'on',
  mailFrom: FREEWAY_MAIL_FROM ?? null,
  synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: FREEWAY_CODE !== undefined }),
});
app.synth().getStackArtifact(stack.artifactId);
