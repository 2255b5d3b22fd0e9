// SPDX-License-Identifier: Apache-2.0
// sbom.mjs FILE...: a line for each, what is wrong in it by the schema of CycloneDX 1.6, or
// "valid".
import { readFileSync } from 'node:fs';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
for (const file of process.argv.slice(2)) {
  const found = await validator.validate(readFileSync(file, 'utf-8'));
  console.log(found === null ? 'valid' : JSON.stringify(found));
}
