const jupyterlab = require('@jupyterlab/testing/lib/jest-config')(__dirname);

module.exports = {
  ...jupyterlab,
  collectCoverageFrom: ['src/**/*.{ts,tsx}', '!src/api/schema.ts'],
  reporters: ['default'],
  testRegex: 'src/__tests__/.*\\.spec\\.tsx?$',
  transform: {
    ...jupyterlab.transform,
    '^.+\\.tsx?$': [
      'ts-jest',
      {
        tsconfig: {
          ...require('./tsconfig.test.json').compilerOptions,
          esModuleInterop: true,
          isolatedModules: true,
          jsx: 'react',
          module: 'commonjs',
          moduleResolution: 'node10',
          noEmit: false,
          target: 'ES2022'
        }
      }
    ]
  }
};
