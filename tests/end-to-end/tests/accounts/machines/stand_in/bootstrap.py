#!INTERPRETER
"""Answers as FOLDER/answers.json says: by function, function:step or function:undo, a list one by one."""

import json
import os
import urllib.request

RUNTIME = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
NAME = os.environ["AWS_LAMBDA_FUNCTION_NAME"].removeprefix("bascule-")


def answer_to(event):
    key = NAME
    if event.get("step"):
        key += ":" + event["step"]
    if event.get("direction") == "undo":
        key += ":undo"
    with open("FOLDER/answers.json") as file:
        answer = json.load(file).get(key, {})
    with open("FOLDER/" + key.replace(":", "-") + ".calls", "a+") as calls:
        calls.write("x")
        calls.seek(0)
        number = len(calls.read())
    return answer[min(number, len(answer)) - 1] if isinstance(answer, list) else answer


while True:
    invocation = urllib.request.urlopen(RUNTIME + "next")
    request = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.load(invocation)
    answer = answer_to(event)
    if "token" in answer:
        with open("FOLDER/task.part", "w") as file:
            json.dump({"token": event["taskToken"], "answer": answer["token"]}, file)
        os.rename("FOLDER/task.part", "FOLDER/task.token")
    if "error" in answer:
        body, path = {"errorType": answer["error"], "errorMessage": "as the case says"}, "/error"
    else:
        body, path = answer.get("ok", {}), "/response"
    urllib.request.urlopen(urllib.request.Request(RUNTIME + request + path, json.dumps(body).encode()))
