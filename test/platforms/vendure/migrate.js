// The tables, as Vendure makes them.
const { bootstrap } = require("@vendure/core");
const { config } = require("./config.js");

bootstrap(config(true)).then((app) => app.close()).then(() => process.exit(0));
