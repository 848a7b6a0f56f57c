// SPDX-License-Identifier: BSD-2-Clause
// vitest runs the suite's own file, which lies where vitest looks for no tests.
export default {
  cacheDir: process.env.JUDGE_CACHE,
  test: {
    include: ["node_modules/@durable-streams/server-conformance-tests/dist/test-runner.js"],
    exclude: [],
    fileParallelism: false,
    server: {deps: {external: [/node_modules/]}},
  },
};
