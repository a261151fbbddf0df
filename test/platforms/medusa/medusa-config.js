const { defineConfig } = require("@medusajs/framework/utils");

const origins = { storeCors: "http://localhost", adminCors: "http://localhost", authCors: "http://localhost" };
module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { ssl: false, connection: { ssl: false } },
    http: { ...origins, jwtSecret: "x", cookieSecret: "x" },
  },
  admin: { disable: true },
});
