// What is missing for a condition to hold, or would have to go for it not to, in words.
#pragma once

#include "core/program/found.hpp"

#include <string>
#include <string_view>

namespace segmentation::core::program {

/// What would have to come or go. Nothing, where it is so already; impossible, where nothing that can happen
/// to the customer's data would do.
struct Lack {
  enum class Form : std::uint8_t { nothing, impossible, some };
  Form form = Form::nothing;
  std::string text;
  bool either = false; // the text names several ways
};

class Lacks {
public:
  /// `text` is that of the rule.
  Lacks(const Found &found, std::string_view text) : found_(found), text_(text) {}

  /// Returns what a condition lacks to hold.
  Lack of(const Condition &condition) const { return of(condition, true, {condition.span, true}); }
  /// Joins what all of several lack.
  static Lack all_of(std::vector<Lack> lacks);

private:
  /// What was written as one: its place, and what it is to be.
  struct Written {
    Span span;
    bool wanted;
    bool elsewhere = false; // what is inside was written in a segment's rule
    bool between = false;   // it has a second bound
  };

  Lack of(const Condition &condition, bool wanted, Written written) const;
  Lack leaf(const Condition &condition, bool wanted, Written written) const;
  Lack number(const Condition &condition, bool wanted, Written written) const;
  Lack date(const Condition &condition, bool wanted, Written written) const;
  Lack as_written(Written written) const;
  Lack in_list(const Condition &member, bool wanted, std::string_view list) const;
  Lack by_hand(const Condition &condition, bool wanted) const;
  std::string more(const Condition &condition, const WideFraction &gap, bool up, Written written) const;
  std::string which(const Condition &condition, Written written) const;
  std::string_view piece(Span span) const;
  static Lack any_of(std::vector<Lack> lacks);

  const Found &found_;
  std::string_view text_;
};

} // namespace segmentation::core::program
