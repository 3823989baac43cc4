#!/usr/bin/python3
"""Prints a received mail so that a person can read it: the header fields that matter, and the text part."""
import email
import email.policy
import sys

FIELDS = ["From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe",
          "List-Unsubscribe-Post", "DKIM-Signature"]


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FILE.eml")
    with open(sys.argv[1], "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    for name in FIELDS:
        if message[name]:
            value = " ".join(str(message[name]).split())
            print(f"{name}: {value if len(value) < 100 else value[:97] + '…'}")
    print()
    print(message.get_body(preferencelist=("plain",)).get_content().rstrip())
    print(f"\n({', '.join(part.get_content_type() for part in message.walk())})")


if __name__ == "__main__":
    main()
