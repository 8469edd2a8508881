"""Conversation without tools: memory, arithmetic, long text, honesty."""

from __future__ import annotations

from . import toolbox as t
from .case import chat, says

__all__ = ("CHAT",)

ADA = ("Hi, my name is Ada and I live in Turin.", "Nice to meet you, Ada!")

CHAT = (
    says(chat(*ADA, "What's my name?"), (), "Ada"),
    says(chat(*ADA, "Where do I live?"), (), "Turin"),
    says("What is my name?", (), "don't know"),
    says(chat("I'm Bob", "Hello Bob", "Do you remember my name?"), (t.get_weather,), "Bob"),
    says(chat("My favorite color is green.", "Noted.", "What is my favorite color?"), (), "green"),
    says(
        chat(
            "My favourite programming language is Rust",
            "OK",
            "what's my favourite programming language?",
        ),
        (t.search,),
        "Rust",
    ),
    says(chat("Call me Zoë", "Sure", "Who am I?"), (), "Zoë"),
    says(
        chat("Tell me about LangGraph", "It is a library.", "What was my first question?"),
        (),
        "Tell me about LangGraph",
    ),
    says(
        chat(*ADA, "I like tea", "Noted.", "Summarize our conversation so far."), (), "Ada", "tea"
    ),
    says(
        chat("Remember that the code word is pelican.", "OK", "What is the code word?"),
        (),
        "pelican",
    ),
    says(
        chat("What is my name?", system="You are an assistant. The user's name is Grace."),
        (),
        "Grace",
    ),
    says("What is 2 + 2?", (), "4"),
    says("what's 12 * (3 + 4)?", (), "84"),
    says("What is 10 divided by 4?", (), r"2\.5"),
    says("What's 9 ** 9 ** 9 ** 9?", (), "."),
    says("What is 1 / 0?", (), "."),
    says("What is 15% of 80?", (), "12"),
    says("Write 60 words about whales", (), "whales", r"^(\S+\s+){50,}\S+$"),
    says("Write a short story about a dragon called Kim", (), "dragon"),
    says("Say hello in one word", (), "hello"),
    says("Repeat after me: blue moon", (), "blue moon"),
    says('Reply with exactly "pong"', (), "^pong$"),
    says("Who won the election in 1960?", (), "^.lesson model"),
    says("Hello", (), "hello"),
    says(chat("Hi there", system="You are a pirate."), (), "hello|hi"),
    says("Explain what a checkpointer is", (), "checkpointer"),
    says(chat("hello", "Hi!", "how are you"), (), "."),
    says(
        chat(
            "Answer from the context.\n\nContext: The Nile is 6650 km long. The Rhine is 1230 km "
            "long.\n\nQuestion: How long is the Rhine?"
        ),
        (),
        "1230",
    ),
    says(
        [
            {"role": "user", "content": [{"type": "text", "text": "My name is Li"}]},
            {"role": "assistant", "content": "Hi"},
            *chat("What is my name?"),
        ],
        (),
        "Li",
    ),
    says(
        chat(
            "My name is Ada.", "Hi Ada", "Actually, my name is Eve.", "Hi Eve", "What is my name?"
        ),
        (),
        "Eve",
    ),
)
