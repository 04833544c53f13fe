import js from "@eslint/js";

export default [
  js.configs.recommended,
  {
    files: ["dashboard/components/**/*.js"],
    rules: {
      "no-undef": "off", // TypeScript knows the browser's own names
      "prefer-const": "error",
      "no-var": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
    },
  },
];
