const jupyterlab = require('@jupyterlab/testing/lib/jest-config')(__dirname);

/** Packages that are published as ES modules only, which Jest has to translate. */
const ESM = [
  '@codemirror',
  '@jupyter',
  '@jupyterlab',
  '@microsoft',
  '@rjsf',
  '@tanstack',
  'color',
  'exenv-es6',
  'lib0',
  'nanoid',
  'y-protocols',
  'yjs'
];

module.exports = {
  ...jupyterlab,
  collectCoverageFrom: ['src/**/*.{ts,tsx}', '!src/api/schema.ts'],
  reporters: ['default'],
  transformIgnorePatterns: [`/node_modules/(?!${ESM.join('|')})`],
  testRegex: 'src/__tests__/.*\\.spec\\.tsx?$',
  transform: {
    ...jupyterlab.transform,
    '^.+\\.jsx?$': [
      'babel-jest',
      require('@jupyterlab/testing/lib/babel-config').default
    ],
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
