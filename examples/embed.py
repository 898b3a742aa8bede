import reckon

with reckon.Engine("reckon.yaml") as engine:
    answer = engine.recommend(user="U12345", way="tokens", n=5)
    for item in answer["items"]:
        print(f"{item['title']}: {item['why']}")
