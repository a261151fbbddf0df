// The parser's state and its grammar functions, which live in parser.cpp (whole rules), parser_condition.cpp
// (AND, OR, NOT), parser_predicate.cpp (tests of a value), parser_source.cpp (MATCHES), parser_value.cpp
// (values, names, constants) and parser_arithmetic.cpp. Nobody else includes this.
#pragma once

#include "core/rule/lexer.hpp"
#include "core/rule/parser.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace segmentation::core::syntax {

/// A recursive-descent parser that goes on after a mistake. Each grammar function fills what it can; a clause
/// with a mistake of its own is made `broken` as it ends, so functions need not leave it whole. Those that
/// return bool return false where the caller can not go on with what follows; the mistake is reported by
/// then.
class Parser {
public:
  Parser(std::string_view text, const Limits &limits, std::string_view noun);

  void rule(Rule &out);
  void condition(Expr &out);
  void attribute(AttributeExpression &out);
  void lone_name(Name &out, bool in_row);

  /// Returns all mistakes in the order of the text.
  Diagnostics take_diagnostics();
  /// True where the text was not read to its end.
  bool stopped() const noexcept { return stopped_; }

private:
  /// One level of nesting while it lives. Recursion happens only under one, so the depth limit bounds the
  /// stack.
  class Nesting {
  public:
    Nesting(Parser &parser, std::uint32_t levels, Span span);
    ~Nesting() { parser_.depth_ -= levels_; }
    Nesting(const Nesting &) = delete;
    Nesting &operator=(const Nesting &) = delete;
    explicit operator bool() const noexcept { return !parser_.stopped_; }

  private:
    Parser &parser_;
    std::uint32_t levels_;
  };

  /// A stretch of the text, while it lives, whose mistakes are its own: the clause around it stays whole.
  class Stretch {
  public:
    explicit Stretch(Parser &parser) : parser_(parser), outer_(std::exchange(parser.failed_, false)) {}
    ~Stretch() { parser_.failed_ = outer_; }
    Stretch(const Stretch &) = delete;
    Stretch &operator=(const Stretch &) = delete;

  private:
    Parser &parser_;
    bool outer_;
  };

  // Tokens
  const Token &peek(std::size_t ahead = 0) const noexcept {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool at(TokenKind kind) const noexcept { return peek().kind == kind; }
  bool at(Word word) const noexcept { return peek().word == word; }
  void advance() noexcept { at_ += at_ + 1 < tokens_.size() ? 1 : 0; }
  bool take(TokenKind kind) noexcept;
  bool take(Word word) noexcept;
  std::string_view piece(Span span) const noexcept { return text_.substr(span.begin, span.end - span.begin); }
  std::string excerpt(Span span) const;
  std::uint32_t last_end() const noexcept { return at_ == 0 ? 0 : tokens_[at_ - 1].span.end; }
  bool adjacent(std::size_t ahead) const noexcept {
    return peek(ahead).span.begin == peek(ahead - 1).span.end;
  }
  bool is_name_start(const Token &token) const noexcept;
  bool at_constant() const noexcept;
  bool at_tail_after_condition() const noexcept;
  bool at_tail_before_condition() const noexcept;

  // Mistakes
  void error(Span span, std::string message, std::string hint = {}, SqlState state = SqlState::syntax_error);
  void exceeded(Span span, std::string message);
  void missing(std::string_view what, std::string hint = {});
  void unexpected();
  bool close(Span opening);
  bool leave_call();
  void recover();

  // Whole rules: parser.cpp
  void head(Rule &out);
  void tail(Rule &out);
  void limit(Rule &out);
  void whole(Expr &out);

  // Conditions: parser_condition.cpp
  void expression(Expr &out);
  void or_list(Expr &out);
  void and_list(Expr &out);
  bool next_in_and_list(Expr &previous);
  bool at_test() const noexcept;
  void not_test(Expr &out);
  void primary(Expr &out);
  void subject(Expr &out);
  void constant_first();
  void check_repeated(const std::vector<Expr> &conditions, const Name *older_source = nullptr);
  void count_clause();
  void end_clause(Expr &out, bool good);

  // Tests of a value: parser_predicate.cpp
  bool test(Expr &out);
  bool test_word(Expr &out);
  bool bare(Expr &out);
  bool compare(Expr &out, CompareOp op);
  bool constants_in_parentheses(Expr &out);
  bool constant(std::vector<Literal> &out);
  bool between(Expr &out);
  bool contains(Expr &out);
  bool ends(Expr &out, Expr::Kind kind);
  bool is_null(Expr &out);
  bool list(std::vector<Literal> &out);
  void skip_list_value();

  // Sources: parser_source.cpp
  bool matches(Expr &out);
  bool matches_body(std::unique_ptr<Expr> &out);
  bool older_spelling(Expr &out);
  void older_argument(Expr &out);
  bool older_values(Expr &out);
  bool older_outcome(Expr &out);
  bool into_function(Expr &out);
  static bool make_coordinates(std::vector<Literal> &literals, Span span);

  // Values: parser_value.cpp
  bool at_call() const noexcept;
  bool value(Value &out);
  bool aggregate(Value &out);
  bool date_function(Value &out);
  bool name(Name &out);
  void finish_name(Name &out) const;
  bool name_in_text(Name &out);
  bool literal(Literal &out);
  void number(Literal &out, bool negative, std::uint32_t begin);
  void date(Literal &out, std::string_view text, Span span);
  void check_number_end(std::uint32_t begin);

  // Arithmetic: parser_arithmetic.cpp
  bool sum(Value &out);
  bool product(Value &out);
  bool factor(Value &out);
  void apply(Value &out, char op, Value &&right);
  bool looks_like_condition() const;

  std::string_view text_;
  const Limits &limits_;
  std::string_view noun_; // what the text is, for messages: rule, condition, expression
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Diagnostics lexical_; // the scanner's, kept apart: both lists are in the order of the text
  Diagnostics diagnostics_;
  std::uint32_t depth_ = 0;
  std::uint32_t deepest_ = 0; // since a caller last reset it
  std::uint32_t clauses_ = 0;
  std::uint32_t operations_ = 0;
  std::uint32_t matches_depth_ = 0;
  bool open_ended_ = false;
  bool failed_ = false;  // the stretch at hand has a mistake
  bool stopped_ = false; // a limit is exceeded or enough is reported: read nothing more
  bool arithmetic_ = false;
  bool in_list_ = false;
};

} // namespace segmentation::core::syntax
