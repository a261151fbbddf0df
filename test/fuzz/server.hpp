// A server that answers: one transaction of a database of its own, rolled back at the end.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <libpq-fe.h>
#include <unistd.h>

namespace segmentation::core::fuzz {

struct ClearResult {
  void operator()(PGresult *result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

[[noreturn]] inline void give_up(std::string_view what, std::string_view why) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(why.size()), why.data());
  std::exit(2);
}

class Server {
public:
  std::size_t queries = 0;

  /// Connects to the server that PGHOST ... name and makes a database there, whose remains of earlier runs
  /// are removed.
  Server() : name_("segmentation_fuzz_" + std::to_string(getpid())) {
    PGconn *first = connect("postgres");
    Result left(PQexec(first,
                       "SELECT datname FROM pg_database AS d WHERE datname LIKE 'segmentation\\_fuzz\\_%' "
                       "AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)"));
    for (int i = 0; i < PQntuples(left.get()); ++i)
      Result(PQexec(first, ("DROP DATABASE IF EXISTS " + std::string(PQgetvalue(left.get(), i, 0))).c_str()));
    command(first, "CREATE DATABASE " + name_ + " TEMPLATE template0");
    PQfinish(first);
    connection_ = connect(name_);
    PQsetNoticeProcessor(
        connection_, [](void *, const char *) {}, nullptr);
  }

  void command(const std::string &sql) { command(connection_, sql); }

  /// Returns the rows in binary form. What fails leaves the transaction as it was.
  Result query(const std::string &sql, const char *keys = nullptr) {
    constexpr Oid bigint_array = 1016;
    ++queries;
    Result result(PQexecParams(connection_, sql.c_str(), keys != nullptr ? 1 : 0, &bigint_array, &keys,
                               nullptr, nullptr, 1));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK)
      command("ROLLBACK TO SAVEPOINT fuzz");
    return result;
  }

  void begin() { command("BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT fuzz"); }

  /// Ends the session and removes the database.
  void finish() {
    PQfinish(connection_);
    PGconn *last = connect("postgres");
    Result(PQexec(last, ("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)").c_str()));
    PQfinish(last);
  }

private:
  static PGconn *connect(const std::string &database) {
    PGconn *connection = PQconnectdb(("dbname=" + database).c_str());
    if (PQstatus(connection) != CONNECTION_OK)
      give_up("could not connect to a server; scripts/fuzz.sh starts one", PQerrorMessage(connection));
    return connection;
  }
  static void command(PGconn *connection, const std::string &sql) {
    const Result result(PQexec(connection, sql.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      give_up(std::string_view(sql).substr(0, 2000), PQerrorMessage(connection));
  }

  std::string name_;
  PGconn *connection_ = nullptr;
};

} // namespace segmentation::core::fuzz
