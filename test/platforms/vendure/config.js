// Vendure without a public face: no port, no assets, its own default payment handler.
const { dummyPaymentHandler, DefaultLogger, LogLevel } = require("@vendure/core");

exports.config = (synchronize) => ({
  apiOptions: { port: 0, hostname: "127.0.0.1", adminApiPath: "admin-api", shopApiPath: "shop-api" },
  authOptions: { tokenMethod: "bearer", superadminCredentials: { identifier: "admin", password: "admin" } },
  dbConnectionOptions: { type: "postgres", url: process.env.DATABASE_URL, synchronize, logging: false },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  importExportOptions: { importAssetsDir: __dirname },
  logger: new DefaultLogger({ level: LogLevel.Error }),
  plugins: [],
});
